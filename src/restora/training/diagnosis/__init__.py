"""Training of the diagnosis: damaged pictures made of clean photographs, and what is learnt from them."""
