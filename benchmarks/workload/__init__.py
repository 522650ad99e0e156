"""What is measured: events, the contenders that handle them, and the AWS that answers them."""
