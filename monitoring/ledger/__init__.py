"""Did the scores come true? Every answer with its outcome, cohort by cohort."""
