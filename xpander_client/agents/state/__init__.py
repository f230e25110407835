"""What sessions remember, where it is kept, and how calls share it."""
