"""Firmware over the air, the host's half of aws_iot.fota."""
