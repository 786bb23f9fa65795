"""Host tools of aws_iot: the command `thing`."""
