# Every target makes the environment that it needs. PYTHON and PYTHON311 choose the interpreters.
PYTHON ?= python3
PYTHON311 ?= python3.11
export PIP_DISABLE_PIP_VERSION_CHECK = 1

VENV = .venv/bin
DEMO = saved_models/forecast/demo-$(if $(SEAICE_TF_DATA),real,synthetic)

.PHONY: demo test test-slow test-addons test-cluster lint types docs build bench soak gallery fixtures lock clean

demo: .venv/ready  ## train, score, predict and draw: synthetic data, or real with SEAICE_TF_DATA
	@echo "training, scoring and predicting on $(if $(SEAICE_TF_DATA),$(SEAICE_TF_DATA),synthetic ice): some minutes"
	test -e $(DEMO)/manifest.json || $(VENV)/seaice-tf train forecast --run $(DEMO) --cell-fraction 0.03 --init-step 5
	@head -30 $(DEMO)/model_card.md
	$(VENV)/seaice-tf predict forecast --run $(DEMO) --out demo
	@echo "look at demo/forecast.png; the SavedModel is in $(DEMO)/saved_model"

test: .venv/ready
	$(VENV)/python -m pytest -q -n 2 --dist loadfile

test-slow: .venv/ready  ## tests of seconds each, which make test leaves out
	$(VENV)/python -m pytest -q -n 2 -m "slow and not soak"

test-addons: .venv-addons/ready
	.venv-addons/bin/python -m pytest -q -n 2 --dist loadfile -m "not soak"

test-cluster: .venv-cluster/ready
	TF_USE_LEGACY_KERAS=1 .venv-cluster/bin/python -m pytest -q -n 2 --dist loadfile -m "not soak"

lint: .venv/ready
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .

types: .venv/ready
	$(VENV)/mypy

docs: .venv/ready  ## the site of docs/ in build/site; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(VENV)/mkdocs build --strict --quiet

build: .venv/ready  ## wheel and source distribution in build/dist
	rm -rf build/dist && $(VENV)/python -m build --outdir build/dist .
	$(VENV)/twine check --strict build/dist/*

bench: .venv/ready  ## 15 minutes on two cores; one row: .venv/bin/python benchmarks/FILE.py ROW
	for file in verbs ops forecast icechart nowcast photos rle geopose; do $(VENV)/python benchmarks/$$file.py || exit 1; echo; done

soak: .venv/ready  ## commands killed again and again, memory and open files over long runs
	$(VENV)/python -m pytest -q -m soak -rP

gallery: .venv/ready
	$(VENV)/python experiments/gallery.py

fixtures: .venv/ready .venv-addons/ready .venv-cluster/ready  ## files that the environments read of each other in tests
	$(VENV)/python tests/networks/test_environments.py
	.venv-addons/bin/python tests/networks/test_environments.py
	TF_USE_LEGACY_KERAS=1 .venv-cluster/bin/python tests/networks/test_environments.py

lock:  ## refresh the constraints of the three environments from what resolves today
	$(MAKE) constraints/current.txt constraints/addons.txt constraints/cluster.txt --always-make

clean:
	rm -rf .venv .venv-addons .venv-cluster demo tuning build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/ready: PY = $(PYTHON)
.venv-cluster/ready: PY = $(PYTHON)
.venv-addons/ready: PY = $(PYTHON311)
.venv/ready: EXTRAS = dev,docs,release,pretrained,browser,mlflow,zarr,cf,hindcasts
.venv-cluster/ready: EXTRAS = cluster,dev
.venv-addons/ready: EXTRAS = addons,dev
.venv/ready: constraints/current.txt
.venv-cluster/ready: constraints/cluster.txt
.venv-addons/ready: constraints/addons.txt
.venv/ready .venv-cluster/ready .venv-addons/ready: setup.cfg pyproject.toml
	@echo "installing into $(@D): some minutes, once"
	$(PY) -m venv $(@D)
	$(@D)/bin/pip install --quiet --constraint $(filter constraints/%,$^) --editable '.[$(EXTRAS)]'
	touch $@

constraints/current.txt: EXTRAS = dev,docs,release,pretrained,browser,mlflow,zarr,cf,hindcasts
constraints/cluster.txt: EXTRAS = cluster,dev
constraints/addons.txt: EXTRAS = addons,dev
constraints/current.txt constraints/cluster.txt: PY = $(PYTHON)
constraints/addons.txt: PY = $(PYTHON311)
constraints/%.txt: | setup.cfg
	rm -rf .lock && $(PY) -m venv .lock
	.lock/bin/pip install --quiet '.[$(EXTRAS)]'
	.lock/bin/pip freeze --exclude seaice_tf --exclude setuptools > $@
	rm -rf .lock
