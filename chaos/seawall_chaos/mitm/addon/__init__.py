"""What runs inside mitmproxy's interpreter: nothing here imports anything but mitmproxy and the standard library."""
