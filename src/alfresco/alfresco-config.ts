/** Injection token of the `AlfrescoConfig`. */
export const ALFRESCO_CONFIG = Symbol('ALFRESCO_CONFIG');
