"""One network for all series: it learns how likely every number of units is, and what a stock-out has hidden."""
