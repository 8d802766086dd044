/** The one IPC channel. On its own, because the preload carries this file and may carry little. */
export const monitorChannel = 'monitor'
