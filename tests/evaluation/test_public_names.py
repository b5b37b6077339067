import subprocess
import sys

import restora.evaluation


def test_every_public_name_is_there_and_no_module_hides_one():
    for name in restora.evaluation.__all__:
        found = getattr(restora.evaluation, name)
        assert type(found).__name__ != "module"
    assert set(restora.evaluation._HOMES) == set(restora.evaluation.__all__)


def test_reading_a_record_needs_neither_torch_nor_opencv():
    code = "from restora.evaluation import read_json; import sys; sys.exit('torch' in sys.modules or 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
