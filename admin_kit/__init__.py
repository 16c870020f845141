"""What the admin pages of every app are built on."""
