"""What a model costs: `size` weighs it, `latency` times it, `energy` models its energy,
`measure` puts models side by side in a `report`, which `html` writes as a page.
"""
