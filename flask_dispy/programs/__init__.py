"""What makes dispy's own programs better than dispy left them."""
