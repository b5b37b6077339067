"""Files for the servers that keep the clean images: SIDD's benchmark and DND."""

from restora.evaluation.submissions.dnd import write_dnd_bundle
from restora.evaluation.submissions.sidd import SiddSubmission, write_sidd_csv, write_sidd_mat

__all__ = ["SiddSubmission", "write_dnd_bundle", "write_sidd_csv", "write_sidd_mat"]
