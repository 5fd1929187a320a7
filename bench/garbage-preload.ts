/**
 * Loaded into the measured service, with `--expose-gc`: it collects garbage on SIGUSR2, so that the remaining memory is in
 * use.
 */
process.on('SIGUSR2', () => gc!());
