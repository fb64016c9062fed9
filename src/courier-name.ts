/** Instead of a command: this process is the courier of the one that has started it (courier.ts). */
export const COURIER = '(courier)';
