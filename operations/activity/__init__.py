"""What a running `npm start` writes down as it happens, for whoever looks on."""
