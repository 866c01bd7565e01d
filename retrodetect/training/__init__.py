"""Training: from a user's labelled recordings to a model, and scores on people held out."""
