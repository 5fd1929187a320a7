/**
 * Loaded into the measured service, with `--expose-gc`: it collects its garbage on SIGUSR2, so that what is left is what
 * it holds.
 */
process.on('SIGUSR2', () => gc!());
