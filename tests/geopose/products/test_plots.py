import numpy as np
import pytest

from seaice_tf.geopose.data import rectify, synthetic
from seaice_tf.geopose.data.pose import Pose
from seaice_tf.geopose.products import plots

POSE = Pose(1.25, 3.0)


@pytest.fixture(scope="module")
def view():
    return synthetic.tile("OMA", 1, 0, (64, 56), gsd=1.0)


def test_sheets_are_plotted(tmp_path, view):
    rectified = rectify.rectify(view.image, view.agl, view.pose)
    plain = plots.Sheet("a", view.image, view.agl, view.pose, rectified)
    verified = plain._replace(true=np.fmax(view.agl - 1, 0), true_pose=POSE)
    assert len(plots.figure([plain, verified], "two tiles").axes) == 2 * 6 + 3
    assert plots.write(tmp_path / "a.png", [plain], "one").stat().st_size > 10_000


def test_arrows_point_from_roofs_to_the_ground(view):
    agl = np.zeros_like(view.agl)
    agl[8, 50] = 10  # leans up and to the right: its ground point is down to the left
    pose = Pose(1.0, 7 * np.pi / 4)
    rectified = rectify.rectify(view.image, agl, pose)
    sheet = plots.Sheet("a", view.image, agl, pose, rectified)
    (arrows,) = (c for c in plots.figure([sheet], "").axes[0].collections)
    assert arrows.XY.tolist() == [[50, 8]]
    assert arrows.U[0] == pytest.approx(-10 / np.sqrt(2))
    assert arrows.V[0] == pytest.approx(10 / np.sqrt(2))
