"""Metric math: expressions over metrics, such as `100 * errors / MAX([errors, requests])`. Pure.

`expression` reads them, `values` has what they are made of and the operators, `functions` the functions, and
`evaluation` puts the three together.
"""
