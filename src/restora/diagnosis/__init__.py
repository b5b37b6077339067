"""What is wrong with a picture: a tiny network that tells damages, and what it learnt them from."""

from restora.diagnosis.diagnose import diagnose, diagnosis_card
from restora.diagnosis.findings import DAMAGES, Diagnosis

__all__ = ["DAMAGES", "Diagnosis", "diagnose", "diagnosis_card"]
