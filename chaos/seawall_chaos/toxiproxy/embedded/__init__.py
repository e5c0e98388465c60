"""An engine that speaks Toxiproxy's HTTP API, for where Toxiproxy itself cannot be had."""
