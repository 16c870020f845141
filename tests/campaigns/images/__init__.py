"""Tests of pictures in messages."""
