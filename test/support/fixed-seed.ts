import fc from 'fast-check';

// The seed is part of a property's name: only where it stays the same does a test keep its name from run to run.
fc.configureGlobal({ seed: 20_260_101 });
