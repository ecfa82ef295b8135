/** Selects the series of the connection that the reader chose. */
export const chosen = 'connection="$connection"';

/** The same for series of charon. */
export const chosenIke = 'ike_name="$ike_name"';
