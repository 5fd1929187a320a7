import { NodeDownloadDirective } from '@alfresco/adf-content-services';
import { AppConfigService, AuthenticationService } from '@alfresco/adf-core';
import type { NodeEntry } from '@alfresco/js-api';
import { Component, inject, signal } from '@angular/core';
import { MatButtonModule } from '@angular/material/button';
import { MatCheckboxModule } from '@angular/material/checkbox';

/** A list of documents, and ADF's own button to download them. */
@Component({
  selector: 'app-documents',
  imports: [MatButtonModule, MatCheckboxModule, NodeDownloadDirective],
  template: `
    <main>
      <h1>Documents of {{ userName }}</h1>
      <ul>
        @for (node of nodes; track node.entry.id) {
          <li>
            <mat-checkbox (change)="choose(node, $event.checked)">{{
              node.entry.name
            }}</mat-checkbox>
          </li>
        }
      </ul>
      <button mat-flat-button [adfNodeDownload]="$any(chosen())">Download</button>
    </main>
  `,
})
export class DocumentsComponent {
  /** From the configuration, where a real application would list folders of Alfresco. */
  readonly nodes = inject(AppConfigService).get<NodeEntry[]>('documents');
  readonly userName = inject(AuthenticationService).getUsername();
  readonly chosen = signal<readonly NodeEntry[]>([]);

  choose(node: NodeEntry, isChosen: boolean): void {
    const others = this.chosen().filter((other) => other !== node);
    this.chosen.set(isChosen ? [...others, node] : others);
  }
}
