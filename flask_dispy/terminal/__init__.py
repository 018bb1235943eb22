"""What is shown in a terminal, by the command line and by the program itself."""
