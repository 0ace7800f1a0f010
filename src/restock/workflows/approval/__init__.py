"""From a recommendation to an order: who may do what, decisions on lines, handing over, and the trail of all of it."""
