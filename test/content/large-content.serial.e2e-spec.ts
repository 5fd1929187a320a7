import { streamsInBoundedMemory } from './content-memory.js';

streamsInBoundedMemory('200 MB', 200_000_000);
