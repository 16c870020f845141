"""Pictures in messages: taken in, made safe and small, kept, and served by stable addresses."""
