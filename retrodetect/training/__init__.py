"""Training: labelled recordings, fitting, scores on people held out, and models on disk."""
