"""What each call to COS does: one function a call, a file for each kind of thing that is called on."""
