import { streamsInBoundedMemory } from './content-memory.js';

streamsInBoundedMemory('2 GB', 2_000_000_000);
