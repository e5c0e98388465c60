"""What several workers know together. Decisions stay with each worker."""
