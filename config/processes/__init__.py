"""Child processes: started in sessions of their own, and gone when their starter is."""
