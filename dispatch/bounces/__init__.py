"""What comes back by mail: bounces, complaints and automatic replies, read from a mailbox."""
