import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const isCustomElement = (tag) => tag === 'alfresco-zip';

export default defineConfig({
  plugins: [vue({ template: { compilerOptions: { isCustomElement } } })],
  // One origin for page and service, as with a reverse proxy in production.
  server: { proxy: { '/downloads': 'http://localhost:3000' } },
});
