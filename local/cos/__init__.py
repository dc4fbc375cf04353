"""COS over moto's S3: a gateway that speaks COS, and in-process access for the other parts."""
