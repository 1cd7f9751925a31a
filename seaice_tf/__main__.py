from seaice_tf.cli.main import entry

entry()
