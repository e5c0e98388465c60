"""Reports: from the recording of a run to statistics, gates, verdicts, plots and pages to sign."""
