"""What follows an end: tags, removal, the closing record, the notification. The only place that removes inputs."""
