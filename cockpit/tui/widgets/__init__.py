"""What screens are made of. A widget is told what to show, and knows neither store nor disk."""
