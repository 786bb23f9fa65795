"""The console: pages for the fleet, served on this computer alone (NiceGUI). What they show and do is tools/fleet's."""
