"""The road from a station's journal to the city's archive and back."""
