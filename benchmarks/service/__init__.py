"""How many requests services answer in time, on the same cores, with arrivals by chance."""
