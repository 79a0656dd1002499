"""What administrators say to everyone: notices that hold from a moment to another."""
