import { defineConfig } from 'vite';

// One origin for page and service, as with a reverse proxy in production.
export default defineConfig({ server: { proxy: { '/downloads': 'http://localhost:3000' } } });
