"""The catalogue (服务目录): what is sold, for how much, and how a price is explained."""
