import sys

from seaice_tf.cli.main import main

sys.exit(main())
