"""What the station's chief sees and decides about people."""
