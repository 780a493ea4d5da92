"""What it costs to take documents from a bucket and put their PDFs there, beside converting them straight away."""
