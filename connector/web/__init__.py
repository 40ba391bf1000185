"""What the daemon says over HTTP: the portal's doorbells in, health, metrics and one small page out."""
