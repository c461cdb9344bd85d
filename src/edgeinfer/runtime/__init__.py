"""Runs graphs: `program` compiles, `inputs` takes what users have, `model` is what they call."""
